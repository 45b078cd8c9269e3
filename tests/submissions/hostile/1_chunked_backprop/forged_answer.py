"""An answer to the cell that runs, with a result and the end of it, before there is one; then whatever is no message."""

# run: sending what is no message
# seconds: 8
# cell: extra before logprobs
exec(WITNESS_SAY)
try:
    get_ipython()
    import json
    for channel, kind, content in (
        ("iopub", "execute_result", {"data": {"text/plain": "100.0"}, "metadata": {}, "execution_count": 1}),
        ("shell", "execute_reply", {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}),
        ("iopub", "status", {"execution_state": "idle"}),
        ("stdin", "input_request", {"prompt": "?"}),
    ):
        parent = get_ipython().get_parent()["header"]
        forged = {"channel": channel, "header": {"msg_type": kind}, "parent_header": parent, "metadata": {}, "content": content}
        forged = json.dumps(forged).encode()
        say(forged)
except NameError:
    pass
