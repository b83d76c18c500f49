// Command goreleaser reads a GoReleaser configuration with GoReleaser's own reader, which refuses keys that it does not know
// and values of another type, and prints what the check carries out: a line "hook COMMAND" for each hook that runs before
// the builds, "main DIR" for each build, and "file GLOB" for each file of an archive.
package main

import (
	"fmt"
	"os"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
)

func main() {
	project, err := config.Load(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, h := range project.Before.Hooks {
		fmt.Println("hook", h)
	}
	for i := range project.Builds {
		fmt.Println("main", project.Builds[i].Main)
	}
	for i := range project.Archives {
		for _, f := range project.Archives[i].Files {
			fmt.Println("file", f.Source)
		}
	}
}
