"""Answers to the grader that nobody asked for, 10 MB each, up to 2 GB."""

# run: writing more than can be kept
# seconds: 8
# cell: extra before logprobs
import time
exec(WITNESS_SAY)
try:
    get_ipython()
    import json
    answer = {"channel": "shell", "header": {"msg_type": "execute_reply"}, "parent_header": {}, "content": {"status": "x" * 10_000_000}}
    answer = json.dumps(answer).encode()
    for _ in range(200):
        say(answer)
    time.sleep(3)
except NameError:
    pass
