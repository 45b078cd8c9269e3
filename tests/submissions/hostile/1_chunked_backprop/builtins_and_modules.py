"""builtins and modules replaced: what the judge's process uses to send its results is made to say something else."""

# expect: h W2 b2 = wrong or raised
# cell: h
import builtins, json, sys, types
dh, dW2, db2 = torch.zeros_like(h), torch.zeros_like(W2), torch.zeros_like(b2)
builtins.sum = builtins.abs = builtins.round = lambda *args, **kwargs: 0
builtins.all = builtins.any = lambda *args: True
builtins.float = lambda *args: 1000.0
dumps = json.dumps
json.dumps = lambda thing, **options: dumps(thing, **options).replace("zeros", "right").replace("wrong", "right")
sys.modules["autograder"] = sys.modules["autograder.judging.hidden_tests"] = sys.modules["toolkit.network.compare"] = types.ModuleType("mine")
