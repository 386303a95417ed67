// Command aval runs a school board's policy on digital learning platforms.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"aval/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
