// Package arch holds the test of which packages may import which.
package arch
