// Package script is a tool that runs programs in Starlark, a dialect of Python, in a process of their own whose steps, memory and time are bounded.
package script
