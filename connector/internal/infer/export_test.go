package infer

// What the laws need, which stand outside of the package because package wire imports this one.
var (
	Legal    = legal
	UUIDForm = uuid
)
