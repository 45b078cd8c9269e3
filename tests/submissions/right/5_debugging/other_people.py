"""Other people, other mistakes."""

# answer: a number
# cell: who
yours = 123456
# cell: findings
findings = {2: "size", 14: "cancellation", 17: "share", 19: "factor", 25: "factor"}

# answer: a name with accents
# cell: who
yours = 'Émilie du Châtelet'
# cell: findings
findings = {4: "factor", 8: "operand", 13: "factor", 14: "cancellation", 21: "size"}

# answer: another alphabet
# cell: who
yours = '名前'
# cell: findings
findings = {1: "overflow", 4: "sign", 12: "operand", 13: "operand", 21: "size"}

# answer: capital letters
# cell: who
yours = 'EMMY NOETHER'
# cell: findings
findings = {2: "index", 6: "index", 13: "operand", 14: "cancellation", 19: "size"}

# answer: spaces around it
# cell: who
yours = '  Hypatia '
# cell: findings
findings = {2: "size", 6: "index", 8: "operand", 14: "cancellation", 20: "operand"}

# answer: an e-mail address
# cell: who
yours = 'ada@example.org'
# cell: findings
findings = {2: "index", 6: "index", 14: "cancellation", 19: "factor", 21: "size"}

# answer: quotes in it
# cell: who
yours = 'O\'Neill "the third"'
# cell: findings
findings = {6: "sign", 10: "brackets", 14: "cancellation", 23: "size", 24: "operand"}

# answer: capital letters and spaces in the words
# cell: findings
findings = {8: " Operand ", 23: " Accumulation ", 4: " Sign ", 17: " Size ", 14: " Cancellation "}

# answer: one entry after the other
# cell: findings
findings = {}
findings[8] = "operand"
findings[23] = "accumulation"
findings[4] = "sign"
findings[17] = "size"
findings[14] = "cancellation"

# answer: line numbers as text
# cell: findings
findings = {"8": "operand", "23": "accumulation", "4": "sign", "17": "size", "14": "cancellation"}

# answer: dict of pairs
# cell: findings
findings = dict([(8, "operand"), (23, "accumulation"), (4, "sign"), (17, "size"), (14, "cancellation")])

# answer: a name kept elsewhere
# cell: who
me = "Grace" + " " + "Hopper"
yours = me
