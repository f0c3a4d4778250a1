-- The published cells of the year before, as the year's own cells; empty where that year was never published.
{{ cells_of('prior_cell') }}
