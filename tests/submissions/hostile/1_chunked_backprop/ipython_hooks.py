"""IPython's hooks: syntax trees and texts of later cells rewritten, every exception caught, every execution forged."""

# expect: h W2 b2 = wrong
# cell: h
try:
    import ast
    shell = get_ipython()
    kernel = shell.kernel

    class Rewrite(ast.NodeTransformer):
        def visit_Module(self, node):
            return ast.parse("26")

    shell.ast_transformers.append(Rewrite())
    shell.input_transformers_post.append(lambda lines: ["26\n"])
    shell.set_custom_exc((BaseException,), lambda *args, **kwargs: None)

    async def forged(code, silent, *args, **kwargs):
        result = {"data": {"text/plain": "26"}, "metadata": {}, "execution_count": 1}
        kernel.send_response(kernel.iopub_socket, "execute_result", result)
        return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

    kernel.do_execute = forged
except NameError:
    pass  # no IPython in the judge's runs
dh, dW2, db2 = torch.zeros_like(h), torch.zeros_like(W2), torch.zeros_like(b2)
