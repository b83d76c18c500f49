// Package where is the language in which a configuration says which rows it wants: comparisons of a
// row's fields with constants, as SQL writes them.
//
//	status != 'draft' and amount > 0
//	type in ('a', 'b') and not (meta.deleted = true or owner.id is null)
//
// Fields are dotted paths; one with other characters than letters, digits, _, -, $ and @ stands
// in backquotes. Texts stand in single quotes, with ” for a quote in them. The comparisons are =, !=,
// <, <=, >, >=, in, not in, is null, is not null; and binds closer than or, not closer than both.
//
// Every comparison is true or false; nothing is unknown, as in SQL. A field that a row lacks is null.
// Null, an object and an array are equal to nothing, so that != is true of them. The constant
// decides how the two are compared: numbers by their exact value, also with a text that writes a
// number; texts byte by byte, also with a number or a boolean as the API writes it, of which
// none is smaller or greater than a text.
//
// Parse makes an Expr of a text, Expr.Match applies it. Neither knows JSON: a row's values come as
// Values.
//
// Files: lex.go (words), parse.go (Parse), match.go (Expr, Value, Match), number.go (decimal numbers).
package where
