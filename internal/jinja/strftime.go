package jinja

import (
	"fmt"
	"strings"
	"time"
)

// strftimeLayouts are Python's directives as layouts of package time.
var strftimeLayouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'B': "January", 'b': "Jan", 'h': "Jan", 'A': "Monday", 'a': "Mon", 'p': "PM",
	'j': "002", 'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", 'R': "15:04", 'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'e': "_2",
}

// strftime writes a time as Python's strftime does in the C locale. datetime.now has no zone, so %z and %Z are empty.
func strftime(t time.Time, format string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		bare := format[i] == '-' && i+1 < len(format)
		if bare {
			i++
		}
		layout, ok := strftimeLayouts[format[i]]
		text := t.Format(layout)
		switch c := format[i]; {
		case ok:
		case c == '%':
			text = "%"
		case c == 'n':
			text = "\n"
		case c == 't':
			text = "\t"
		case c == 'f':
			text = fmt.Sprintf("%06d", t.Nanosecond()/1000)
		case c == 's':
			text = fmt.Sprint(t.Unix())
		case c == 'u':
			text = fmt.Sprint((int(t.Weekday())+6)%7 + 1)
		case c == 'w':
			text = fmt.Sprint(int(t.Weekday()))
		case c == 'U':
			text = fmt.Sprintf("%02d", (t.YearDay()+6-int(t.Weekday()))/7)
		case c == 'W':
			text = fmt.Sprintf("%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7)
		case c == 'V':
			_, week := t.ISOWeek()
			text = fmt.Sprintf("%02d", week)
		case c == 'G':
			year, _ := t.ISOWeek()
			text = fmt.Sprint(year)
		case c == 'z' || c == 'Z':
			text = ""
		default:
			return "", fmt.Errorf("strftime directive %%%c is not supported", c)
		}
		if bare && len(text) > 1 {
			text = strings.TrimLeft(text[:len(text)-1], "0 ") + text[len(text)-1:]
		}
		b.WriteString(text)
	}
	return b.String(), nil
}
