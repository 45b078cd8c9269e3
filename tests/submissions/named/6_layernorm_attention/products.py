"""The products of matrices."""

# answer: one weight gradient an example
# mistake: W1 = sum left out
# warned: stops one sum too early
# cell: head
dhead = dhpreln @ W1.T
dW1 = head.transpose(1, 2) @ dhpreln
db1 = dhpreln.sum((0, 1))

# answer: the mean over the examples
# mistake: W1 = mean for sum or constant
# cell: head
dhead = dhpreln @ W1.T
dW1 = (head.transpose(1, 2) @ dhpreln).mean(0)
db1 = dhpreln.sum((0, 1))

# answer: the first example alone
# mistake: W1 = index or sum left out
# cell: head
dhead = dhpreln @ W1.T
dW1 = head[0].T @ dhpreln[0]
db1 = dhpreln.sum((0, 1))

# answer: hpreln for its gradient
# mistake: W1 = value for gradient or another name
# cell: head
dhead = dhpreln @ W1.T
dW1 = (head.transpose(1, 2) @ hpreln).sum(0)
db1 = dhpreln.sum((0, 1))

# answer: the bias over the batch alone
# mistake: b1 = dimension or sum left out
# warned: stops one sum too early
# cell: head
dhead = dhpreln @ W1.T
dW1 = (head.transpose(1, 2) @ dhpreln).sum(0)
db1 = dhpreln.sum(0)

# answer: the bias as a mean
# mistake: b1 = mean for sum
# cell: head
dhead = dhpreln @ W1.T
dW1 = (head.transpose(1, 2) @ dhpreln).sum(0)
db1 = dhpreln.mean((0, 1))

# answer: attention's weights not turned over
# mistake: v = transpose
# warned: fits without complaint
# cell: att
datt = dhead @ v.transpose(1, 2)
dv = att @ dhead

# answer: the scores not turned over
# mistake: k = transpose
# warned: fits without complaint
# cell: q
dq = dscores @ k
dk = dscores @ q

# answer: the scores turned over in the wrong place
# mistake: q k = transpose
# warned: fits without complaint
# cell: q
dq = dscores.transpose(1, 2) @ k
dk = dscores @ q

# answer: queries and keys exchanged
# mistake: q k = another name
# cell: q
dq = dscores @ q
dk = dscores.transpose(1, 2) @ k

# answer: bound to each other's name
# mistake: q k = another name or operand order or transpose
# cell: q
dk = dscores @ k
dq = dscores.transpose(1, 2) @ q

# answer: values for keys
# mistake: q = another name
# cell: q
dq = dscores @ v
dk = dscores.transpose(1, 2) @ q

# answer: from the scaled scores
# mistake: q k = another name or upstream
# warned: the wrong upstream
# cell: q
dq = dscaled @ k
dk = dscaled.transpose(1, 2) @ q

# answer: the scale once more
# mistake: q k = twice or factor or constant
# cell: q
dq = dscores @ k * head_size**-0.5
dk = dscores.transpose(1, 2) @ q * head_size**-0.5

# answer: scores for their gradient
# mistake: q = value for gradient or another name
# cell: q
dq = scores @ k
dk = dscores.transpose(1, 2) @ q

# answer: the values turned over with the weights
# mistake: att = operand order or transpose
# cell: att
datt = (v @ dhead.transpose(1, 2))
dv = att.transpose(1, 2) @ dhead

# answer: keys for values
# mistake: att = another name
# cell: att
datt = dhead @ k.transpose(1, 2)
dv = att.transpose(1, 2) @ dhead

# answer: head for its gradient
# mistake: att = value for gradient or another name
# cell: att
datt = head @ v.transpose(1, 2)
dv = att.transpose(1, 2) @ dhead

# answer: the output for its gradient in the values
# mistake: v = value for gradient or another name
# cell: att
datt = dhead @ v.transpose(1, 2)
dv = att.transpose(1, 2) @ head

# answer: the scores before the softmax
# mistake: v = another name or input for output
# cell: att
datt = dhead @ v.transpose(1, 2)
dv = scaled.transpose(1, 2) @ dhead

# answer: the values' share left out
# mistake: xnorm = term
# warned: three lines read
# cell: xnorm
dxnorm = dq @ Wq.T + dk @ Wk.T
dWq = (xnorm.transpose(1, 2) @ dq).sum(0)
dWk = (xnorm.transpose(1, 2) @ dk).sum(0)
dWv = (xnorm.transpose(1, 2) @ dv).sum(0)

# answer: only the last share
# mistake: xnorm = term or overwritten
# warned: three lines read
# cell: xnorm
dxnorm = dq @ Wq.T
dxnorm = dk @ Wk.T
dxnorm = dv @ Wv.T
dWq = (xnorm.transpose(1, 2) @ dq).sum(0)
dWk = (xnorm.transpose(1, 2) @ dk).sum(0)
dWv = (xnorm.transpose(1, 2) @ dv).sum(0)

# answer: a minus
# mistake: xnorm = sign
# replace: xnorm | + dv @ Wv.T | - dv @ Wv.T

# answer: one share twice
# mistake: xnorm = another name or twice or term
# replace: xnorm | dk @ Wk.T | dq @ Wq.T

# answer: weights exchanged
# mistake: xnorm = another name
# replace: xnorm | dk @ Wk.T | dk @ Wv.T

# answer: weight gradients not added up
# mistake: Wq Wk Wv = sum left out
# warned: stops one sum too early
# cell: xnorm
dxnorm = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
dWq = xnorm.transpose(1, 2) @ dq
dWk = xnorm.transpose(1, 2) @ dk
dWv = xnorm.transpose(1, 2) @ dv

# answer: the keys' gradient for the queries'
# mistake: Wq = another name or upstream
# replace: xnorm | dWq = (xnorm.transpose(1, 2) @ dq) | dWq = (xnorm.transpose(1, 2) @ dk)

# answer: the embedding before the layer norm
# mistake: Wv = another name or input for output
# replace: xnorm | dWv = (xnorm.transpose(1, 2) | dWv = (emb.transpose(1, 2)

# answer: normalized, before gain and bias
# mistake: Wk = another name or input for output
# replace: xnorm | dWk = (xnorm.transpose(1, 2) | dWk = (embraw.transpose(1, 2)
