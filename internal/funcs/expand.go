package funcs

import "strings"

// Expand fills a SQL template: $1 … $9 are arguments, $* all of them separated by commas, and $2* those
// from the second on. $order is the ORDER BY clause of an Ordered aggregate, with a blank before it, or
// nothing.
func Expand(template string, c *Call) string {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '$' || i+1 == len(template) {
			b.WriteByte(template[i])
			continue
		}
		if strings.HasPrefix(template[i:], "$order") {
			b.WriteString(orderBy(c))
			i += len("order")
			continue
		}
		i++
		from := 0
		if d := template[i]; d >= '1' && d <= '9' {
			from = int(d - '1')
			if i+1 == len(template) || template[i+1] != '*' {
				if from < len(c.Args) {
					b.WriteString(c.Args[from].SQL)
				} else {
					b.WriteString("NULL")
				}
				continue
			}
			i++
		} else if d != '*' {
			b.WriteByte('$')
			b.WriteByte(d)
			continue
		}
		for j := from; j < len(c.Args); j++ {
			if j > from {
				b.WriteString(", ")
			}
			b.WriteString(c.Args[j].SQL)
		}
	}
	return b.String()
}

func orderBy(c *Call) string {
	if c.Order == "" {
		return ""
	}
	return " ORDER BY " + c.Order
}
