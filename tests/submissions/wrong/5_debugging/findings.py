"""Findings that are none, or not all of them."""

# answer: all but at_once_1
# expect: found:at_once_1 = wrong | not among your lines
# cell: findings
findings = {23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}

# answer: another word for at_once_1
# expect: found:at_once_1 = right line, another kind | line 8 it is
# cell: findings
findings = {8: "exponent", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}

# answer: all but at_once_2
# expect: found:at_once_2 = wrong | not among your lines
# cell: findings
findings = {8: "operand", 4: "sign", 17: "size", 14: "cancellation"}

# answer: another word for at_once_2
# expect: found:at_once_2 = right line, another kind | line 23 it is
# cell: findings
findings = {8: "operand", 23: "exponent", 4: "sign", 17: "size", 14: "cancellation"}

# answer: all but random_upstream
# expect: found:random_upstream = wrong | not among your lines
# cell: findings
findings = {8: "operand", 23: "accumulation", 17: "size", 14: "cancellation"}

# answer: another word for random_upstream
# expect: found:random_upstream = right line, another kind | line 4 it is
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "exponent", 17: "size", 14: "cancellation"}

# answer: all but other_sizes
# expect: found:other_sizes = wrong | not among your lines
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 14: "cancellation"}

# answer: another word for other_sizes
# expect: found:other_sizes = right line, another kind | line 17 it is
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "exponent", 14: "cancellation"}

# answer: all but float32
# expect: found:float32 = wrong | not among your lines
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size"}

# answer: another word for float32
# expect: found:float32 = right line, another kind | line 14 it is
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size", 14: "exponent"}

# answer: the line below
# expect: found:at_once_1 = wrong | right as it stands
# cell: findings
findings = {9: "operand", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}

# answer: all lines, and one word
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = wrong or right or right line, another kind
# expect: found:at_once_1 = wrong
# cell: findings
findings = {1: "factor", 2: "factor", 3: "factor", 4: "factor", 5: "factor", 6: "factor", 7: "factor", 8: "factor", 9: "factor", 10: "factor", 11: "factor", 12: "factor", 13: "factor", 14: "factor", 15: "factor", 16: "factor", 17: "factor", 18: "factor", 19: "factor", 20: "factor", 21: "factor", 22: "factor", 23: "factor", 24: "factor", 25: "factor"}

# answer: a list
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = wrong | is a list
# cell: findings
findings = [8, 23, 4, 17, 14]

# answer: a word of one's own
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = wrong | none of the words
# cell: findings
findings = {8: "it is wrong", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}

# answer: a slip of typing
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = wrong | Did you mean
# cell: findings
findings = {8: "operandd", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}

# answer: words for lines
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = wrong | number of a line
# cell: findings
findings = {"dW2": "operand"}

# answer: empty
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = not attempted
# cell: findings
findings = {}

# answer: another name for it
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = not attempted | there is no findings
# cell: findings
found = {8: "operand"}

# answer: a tensor among them
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = not attempted | can be read
# cell: findings
findings = {8: torch.tensor(1)}

# answer: raises
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = raised | NameError
# cell: findings
findings = {8: operand}

# answer: somebody else's findings
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = wrong or right line, another kind or right
# expect: found:at_once_1 = wrong
# cell: findings
findings = {2: "index", 13: "operand", 6: "index", 19: "size", 14: "cancellation"}

# answer: no name
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = not attempted | type your name
# expect: mended:at_once_1 mended:at_once_2 mended:random_upstream mended:other_sizes mended:float32 = not attempted | type your name
# cell: who
yours = ""

# answer: a name that is no text
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 mended:at_once_1 mended:at_once_2 mended:random_upstream mended:other_sizes mended:float32 = not attempted | type your name
# cell: who
yours = ["Grace Hopper"]

# answer: nothing at all
# start: blank
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 mended:at_once_1 mended:at_once_2 mended:random_upstream mended:other_sizes mended:float32 = not attempted
# cell: findings
findings = {}

# answer: six entries, and the sixth is right
# expect: found:float32 = wrong | Of those, 2 is right as it stands. Only the first 5 entries count
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size", 2: "sign", 14: "cancellation"}

# answer: a line of five thousand digits
# expect: found:at_once_1 found:at_once_2 found:random_upstream found:other_sizes found:float32 = wrong | A key is the number of a line
# cell: findings
findings = {"9" * 5000: "operand"}
