// Package arch holds the tests of how the module hangs together: which packages may import which, documents, examples and licences.
package arch
