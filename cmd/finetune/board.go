package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/seahorse-ml/seahorse/internal/board"
	"github.com/seahorse-ml/seahorse/internal/web"
)

// boardCommand is `finetune board`.
type boardCommand struct {
	Dir    string `arg:"" optional:"" default:"runs" help:"The folder whose runs are shown, and those of the folders in it (${default})."`
	Listen string `default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Address to listen on. Default: a free port of this machine, for this machine only."`
}

// Help is shown below the command's summary.
func (boardCommand) Help() string {
	return `Open the address that is printed. It has a token in it, and whoever knows it can look at the runs, stop them, let them save and change their learning rate;
what a run does then is noted in its events.jsonl, and "finetune resume" and "finetune rerun" do it again at the same step. Runs are found as they appear.

Examples:

    finetune board
    finetune board /data/runs --listen 127.0.0.1:8090`
}

// Run serves until it is interrupted.
func (c *boardCommand) Run(ctx context.Context, s *streams) error {
	config := board.Config{Root: c.Dir, Token: board.NewToken()}
	listener, err := web.Listen(c.Listen, config.Token)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		config.Anywhere = true
		s.say("warning: other machines can reach the board, and what it sends isn't encrypted: who sees the address on its way can stop runs")
		if tcp.IP.IsUnspecified() {
			address = fmt.Sprintf("localhost:%d", tcp.Port)
		}
	}
	b, err := board.New(config)
	if err != nil {
		return err
	}
	s.say("board      http://%s%s", address, b.Path())
	if err := web.Serve(ctx, listener, b, web.Limits{}, time.Second, nil); err != nil {
		return err
	}
	s.say("stopped")
	return nil
}
