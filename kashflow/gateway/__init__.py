"""KashFlow's SOAP API as typed Python, without Django.

`client.Gateway` over a `transport.Transport`; what it takes and gives is in `records`, what it raises in
`errors`. Below: `calls` (how a call goes), `envelope` and `xsd` (out), `reader` and `values` (in), `answers`
(what a refusal means), `connection` (sockets and time), `exchange` (what the log sees), `schema` and `table`
(the API's shapes).
"""
