// Package web holds what this project's small web servers have in common: who may speak with them, how long and how much they listen, and how they
// end. A server is for the machine it runs on, unless it has a token that others must show.
package web
