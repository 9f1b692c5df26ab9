// Package lineedit reads a line that a person types at a terminal and may edit: with arrows, words, a history, wide characters, and pasted text of several
// lines. The terminal must be in raw mode meanwhile.
package lineedit
