"""What one line says: a pure function of the line, the same for any history.

| to | look at |
|---|---|
| what a line says | `reading` (`Reader`): `mask` to a shape, `meaning` of the shape |
| what its words say | `level`, `message`, `token`, `verdict` (which decides), `phrase` |
| who asks, who is to blame | `role`, `blame` |
| formats of text | `stamp` (time), `status` (HTTP answers), `repeat` (syslog) |
| JSON lines | `structured`: `flat` (fields), `layout` (which is what), `scale` (levels and times) |
| which words fail, which fields are what | `words.toml`, read by `words` |
"""
