// Package agent lets models answer questions by turns: they call tools, or other agents, read what comes back, and go on, within bounds of turns, tokens and
// time. What tools return never becomes an instruction: special tokens in it are encoded as ordinary text.
package agent
