"""One gigabyte in files of 8 MB, wherever something can be written."""

# seconds: 8
# cell: extra before logprobs
import os
for number in range(128):
    for folder in ("/submission", "/tmp", "/dev/shm", "/home/student"):
        try:
            with open(f"{folder}/{number}", "wb") as file:
                file.write(bytes(8 << 20))
            break
        except OSError as error:
            failed = error
    else:
        print("FULL after", 8 * number, "MB")
        break
