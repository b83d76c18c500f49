package infer

// UUIDForm is what the laws need, which stand outside of the package because package wire imports this one.
var UUIDForm = uuid
