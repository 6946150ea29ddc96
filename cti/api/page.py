"""One page for people: what there is and who may use it. No script, nothing from outside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final

from cti.api.access import ROLES, Door
from cti.api.binding import Operation

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.35rem .7rem;border-bottom:1px solid #ccc}"
    "code{font:14px ui-monospace,monospace}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)


def build_page(operations: Sequence[Operation], version: str) -> str:
    rows = "\n".join(
        f"<tr><td><code>{one.method}</code></td><td><code>{escape(one.path)}</code></td>"
        f"<td>{escape(one.summary)}</td><td>{escape(_who(one))}</td></tr>"
        for one in operations
    )
    return f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>接通 API</title><style>{_STYLE}</style></head>
<body><h1>接通 Jietong API {escape(version)}</h1>
<p>机器可读的说明 / for programs: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).
先以 <code>POST /api/v1/login</code> 换取令牌，然后在每个请求中发送
<code>Authorization: Bearer …</code>。</p>
<table><thead><tr><th></th><th>地址 / path</th><th>what</th><th>角色 / who</th></tr></thead>
<tbody>
{rows}
</tbody></table></body></html>
"""


def _who(operation: Operation) -> str:
    access = operation.access
    if isinstance(access, Door):
        return access.value
    everything = [role for role in ROLES if role in access.everything]
    own = [f"{role} (own)" for role in ROLES if role in access.own]
    return ", ".join([*own, *everything])
