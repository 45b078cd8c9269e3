"""What stands after the loop, in its cell: it shows what came of it, and fails where a run has few steps. The loop is right."""

# answer: losses are printed
# append: train | for k in range(0, max_steps, 10): print(k, lossi[k])

# answer: losses by the thousand
# append: train | for k in range(max_steps // 1000): print(k, lossi[1000 * k])

# answer: losses until all are shown
# append: train | shown = 0
# append: train | while shown < max_steps: shown += 10; print(shown)

# answer: a mean by the thousand
# append: train | print(torch.tensor(lossi).view(-1, 1000).mean(1))

# answer: the check itself
# append: train | check_training()
