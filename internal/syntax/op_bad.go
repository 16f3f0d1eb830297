package syntax

// BadOp stands where an operator was expected; it has been reported. Word is what stands there instead, if a
// name does.
type BadOp struct{ opNode }

// Children implements Node.
func (*BadOp) Children() []Node { return nil }

func (o *BadOp) print(p *printer) { p.word(o.word) }
