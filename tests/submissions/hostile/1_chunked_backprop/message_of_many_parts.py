"""One message to the grader of up to 3,000 parts, a megabyte each."""

# run: The kernel was ended for sending more than can be kept
# seconds: 8
# cell: extra before logprobs
try:
    import time
    import zmq
    from ipykernel.kernelapp import IPKernelApp

    def send(thread=IPKernelApp.instance().iopub_thread, part=bytes(1 << 20)):
        for _ in range(3000):
            thread.socket.send(part, zmq.SNDMORE, copy=False)

    get_ipython()
    IPKernelApp.instance().iopub_thread.io_loop.add_callback(send)
    time.sleep(5)
except NameError:
    pass
