"""A message to the grader that says it is a terabyte long, and 200 MB of it."""

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
    say(b"ninja1\n" + struct.pack(">Q", 1 << 40))
    say(bytes(200_000_000))
    time.sleep(3)
except NameError:
    pass
