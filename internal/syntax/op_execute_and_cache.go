package syntax

// ExecuteAndCacheOp is __executeAndCache.
type ExecuteAndCacheOp struct{ opNode }

// Children implements Node.
func (*ExecuteAndCacheOp) Children() []Node { return nil }

func parseExecuteAndCache(_ *parser, o opNode) Op { return &ExecuteAndCacheOp{opNode: o} }

func (o *ExecuteAndCacheOp) print(p *printer) { p.op(o, nil) }
