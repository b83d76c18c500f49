// typecheck reports what keeps the packages of the work folder from being built for another system: it reads them, and
// all that they import, for the GOOS and GOARCH of its environment and checks their types, function bodies included. That
// takes a tenth of what compiling does; what only an assembler or a linker finds is not found.
//
//	typecheck PATTERN...
package main

import (
	"fmt"
	"os"

	"golang.org/x/tools/go/packages"
)

func main() {
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax}, os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if packages.PrintErrors(loaded) > 0 {
		os.Exit(1)
	}
	all := 0
	packages.Visit(loaded, nil, func(*packages.Package) { all++ })
	fmt.Printf("%d packages, and %d that they import\n", len(loaded), all-len(loaded))
}
