"""Messages that are hard to write down: half characters, nulls, markup, an exception that fails when it is shown."""

# expect: h W2 b2 = raised or not attempted
# cell: h
class Odd(Exception):
    def __str__(self):
        return "\ud800 \0 <script>alert(1)</script> \x1b[31m" * 100
print("\ud800")
raise Odd
