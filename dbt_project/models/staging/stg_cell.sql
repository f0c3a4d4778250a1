-- One row for each printed figure or name of the year's ledgers, with the parts of its row key.
{{ cells_of('cell') }}
