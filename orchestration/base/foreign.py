"""What libraries find wrong, in the words of the screen: pydantic's errors, PyYAML's, and the command line's.

Each names its error by a type, and the sentence is looked up by that, never by the library's English. One catalogue;
a test holds it against every type that pydantic knows. What does not belong here: problems that we find ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: What a value must be, by the first word of pydantic's type: int_type, int_parsing, int_from_float.
_KINDS = {
    "int": "整数", "float": "数", "decimal": "数", "fraction": "数", "complex": "数", "bool": "true 或 false",
    "string": "文字", "bytes": "文字", "url": "网址", "uuid": "UUID", "json": "JSON",
    "list": "列表", "tuple": "列表", "set": "列表", "deque": "列表", "iterable": "列表", "iteration": "列表",
    "dict": "键与值", "mapping": "键与值", "model": "键与值", "dataclass": "键与值", "named": "键与值",
    "counter": "键与值", "ordered": "键与值",
    "date": "日期", "time": "时间", "datetime": "日期和时间", "timezone": "时区",
}  # fmt: skip
#: Sentences of single types; what stands in braces is in the error's context.
_SENTENCES = {
    "missing": "须有这一项", "missing_argument": "须有这一项", "missing_keyword_only_argument": "须有这一项",
    "missing_positional_only_argument": "须有这一项",
    "extra_forbidden": "没有这一项：删去，或改成认得的名字", "unexpected_keyword_argument": "没有这一项",
    "unexpected_positional_argument": "没有这一项", "multiple_argument_values": "只写一次", "invalid_key": "文字作键",
    "none_required": "空着", "literal_error": "{expected} 之一", "enum": "{expected} 之一",
    "union_tag_invalid": "{expected_tags} 之一", "greater_than": "大于 {gt}", "greater_than_equal": "不小于 {ge}",
    "less_than": "小于 {lt}", "less_than_equal": "不大于 {le}", "multiple_of": "{multiple_of} 的倍数",
    "too_short": "至少 {min_length} 项", "too_long": "至多 {max_length} 项",
    "string_too_short": "至少 {min_length} 个字", "string_too_long": "至多 {max_length} 个字",
    "bytes_too_short": "至少 {min_length} 个字节", "bytes_too_long": "至多 {max_length} 个字节",
    "string_pattern_mismatch": "合于 {pattern} 的文字", "string_not_ascii": "ASCII 文字",
    "decimal_max_digits": "至多 {max_digits} 位的数", "decimal_max_places": "至多 {decimal_places} 位小数的数",
    "decimal_whole_digits": "整数部分至多 {whole_digits} 位的数",
    "value_error": "{error}", "assertion_error": "{error}",
    "finite_number": "有限的数", "frozen_field": "不可改", "frozen_instance": "不可改",
    "union_tag_not_found": "写明是哪一种", "set_item_not_hashable": "单个的值",
}  # fmt: skip
_OTHER = "另一种值"
#: PyYAML's words, by what they begin with.
_YAML = {
    "mapping values are not allowed": "冒号出现在不该出现的地方：检查缩进，或给文字加引号",
    "could not find expected ':'": "这里应有冒号",
    "found character": "不能这样开头的字符：缩进只用空格，不用制表符；以符号开头的文字加引号",
    "expected <block end>": "缩进与上文不一致",
    "expected ',' or": "括号里的各项用逗号隔开，括号要成对",
    "expected the node content": "括号或引号没有闭合",
    "did not find expected": "缩进或括号与上文不一致",
    "while scanning a quoted scalar": "引号没有闭合",
    "found unexpected end of stream": "引号没有闭合",
    "found undefined alias": "没有这个别名",
    "found duplicate anchor": "同名的锚写了两次",
    "could not determine a constructor": "不认得的标签",
    "but found another document": "一个文件只写一份 YAML",
    "special characters are not allowed": "看不见的控制字符",
    "day is out of range": "不存在的日期",
    "month must be in": "不存在的日期",
    "year": "不存在的日期",
    "hour must be in": "不存在的时间",
    "minute must be in": "不存在的时间",
    "second must be in": "不存在的时间",
    "Exceeds the limit": "位数过多的数",
    "found unknown escape character": "双引号里不认得的转义；反斜杠写两次，或改用单引号",
}
#: The command line's own words, by what they begin with; {named}: what they name in quotes or brackets.
_CALLS = {
    "No such command": "没有这个命令：{named}",
    "No such option": "没有这个选项：{named}",
    "Got unexpected extra argument": "多余的参数：{named}",
    "Missing command": "缺少命令",
    "Option": "选项 {named} 后面要有值",
    "Missing parameter": "缺少参数 {named}",
}
_NAMED = re.compile(r"'([^']*)'|\(([^s][^)]*)\)|: (\S+)$")


def expected_by_pydantic(kind: str, context: Mapping[str, Any] | None = None) -> str:
    """What would have been right, from an error's type and context."""
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(_Context(context or {})).replace(" or ", " 或 ")
    return _KINDS.get(kind.split("_")[0], _OTHER)


class _Context(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def said_by_yaml(problem: str) -> str:
    """PyYAML's problem in Chinese; ours are Chinese already."""
    if any("\u4e00" <= c <= "\u9fff" for c in problem):
        return problem
    return next((said for begins, said in _YAML.items() if problem.startswith(begins)), "不合 YAML 的写法")


def said_by_call(error: Exception) -> str:
    """An error of the command line in Chinese: what it names, and what would have been right."""
    name = str(getattr(getattr(error, "param", None), "name", "") or "")
    behind = getattr(error.__cause__ or error.__context__, "errors", None)
    if behind is not None:
        (first, *_) = behind(include_url=False)
        choices = [found[0] for found in _NAMED.findall(first["msg"])][1:]
        expected = f"{'、'.join(choices)} 之一" if choices else expected_by_pydantic(first["type"], first.get("ctx"))
        return f"{name} 的值不对：应为 {expected}"
    text = str(getattr(error, "message", "") or error)
    named = "、".join("".join(found) for found in _NAMED.findall(text)) or name
    return next((said.format(named=named) for begins, said in _CALLS.items() if text.startswith(begins)), text)
