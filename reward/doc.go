// Package reward tells how good answers are that a model has written: checkers that know, such as an exact match or a program, and combinations of
// them. A checker of one's own is a Func or anything else with the methods of Checker.
package reward
