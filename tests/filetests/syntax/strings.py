# test parse
"a" 'b' """c
d""" r"\n" u"e" R'\''
b"a\x00\377" b'\n' rb"\n" Rb'\x' bR""
"\a\b\f\n\r\t\v\\\'\"\0\012\x41\u00e9\U0001F600\N{BULLET}\N{lf}"
"a\
b"
"\ud800" "\ud83d\ude00"
"é漢😀"
"""a"b""c"""

# ---
# (expr (literal "abc\{a}d\{5c}ne\{5c}'"))
# (expr (literal b"a\{0}\{ff}\{a}\{5c}n\{5c}x"))
# (expr (literal "\{7}\{8}\{c}\{a}\{d}\{9}\{b}\{5c}'\{22}\{0}\{a}A\{e9}\{1f600}\{2022}\{a}"))
# (expr (literal "ab"))
# (expr (literal "\{d800}\{d83d}\{de00}"))
# (expr (literal "\{e9}\{6f22}\{1f600}"))
# (expr (literal "a\{22}b\{22}\{22}c"))
