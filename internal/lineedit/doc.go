// Package lineedit reads a line that a person types at a terminal and may edit: with arrows, words, a history, wide characters, and pasted text of several
// lines. The terminal must be in raw mode meanwhile.
//
// Libraries that do this were looked at. golang.org/x/term and chzyer/readline take no account of emoji, peterh/liner of no characters of several runes and no
// pasted lines; reeflective/readline is a shell's, of 28,000 lines.
package lineedit
