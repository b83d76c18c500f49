package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/playground"
)

// newPlaygroundCmd is `tidemark playground`: the mock API alone.
func newPlaygroundCmd() *cobra.Command {
	var (
		host     string
		port     int
		pageSize int
		ask      bool
		opts     playground.Options
	)
	cmd := &cobra.Command{
		Use:   "playground",
		Short: "Serve the mock API that the demo reads, until interrupted",
		Long: `Serve a REST API of made-up users on 127.0.0.1, for trying strategies out:

  /pagination/keyset      /pagination/offset
  /incremental/timestamp  /incremental/step

It answers like the PyPI program fivetran-api-playground; beyond that its users can
be any number and can change while they are read.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if ask {
				return askPlayground(cmd.Context(), port)
			}
			switch {
			case opts.Users < 0:
				return connector.ConfigError(fmt.Errorf("--users %d is below 0", opts.Users))
			case opts.Users == 0:
				opts.Users = -1 // asked for none, not for the default
			}
			opts.MaxPage, opts.KeysetPage = pageSize, pageSize
			ln, err := playground.ListenOn(host, port, "--port")
			if err != nil {
				return err
			}
			p, err := playground.New(opts)
			if err != nil {
				return errors.Join(err, ln.Close())
			}
			defer func() { err = errors.Join(err, p.Close()) }()
			url := "http://" + ln.Addr().String()
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "playground: %d users on %s, try: curl %s/pagination/keyset, curl '%s/pagination/offset?limit=5'\n",
				p.Len(), url, url, url); err != nil {
				return errors.Join(err, ln.Close())
			}
			return playground.Serve(cmd.Context(), ln, p)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&port, "port", 5001, "port to listen on; 0 is any free one")
	f.StringVar(&host, "host", "127.0.0.1", "address to listen on; anything but loopback lets others in")
	f.BoolVar(&ask, "healthcheck", false, "serve nothing; ask the playground on --port of this machine whether it answers")
	f.IntVar(&opts.Users, "users", 200, "users at the start")
	f.Uint64Var(&opts.Seed, "seed", 1, "who the users are: the same seed gives the same people")
	f.Float64Var(&opts.ChangesPerSecond, "changes-per-second", 0, "users inserted and updated a second")
	f.Float64Var(&opts.DeleteShare, "delete-share", 0, "part of the changes that delete a user, 0 to 1")
	f.Float64Var(&opts.LateShare, "late-share", 0, "part of the changes that add a user with an updatedAt in the past, 0 to 1")
	f.BoolVar(&opts.SoftDelete, "soft-delete", false, "deleted users stay, with deletedAt set")
	f.IntVar(&opts.Ties, "ties", 1, "users that share each updatedAt")
	f.IntVar(&opts.IDGap, "id-gap", 0, "ids of /incremental/step left out between two users")
	f.IntVar(&pageSize, "page-size", 50, "rows of a keyset page, and the greatest limit of an offset page")
	f.BoolVar(&opts.RateLimit, "rate-limit", false, "answer 429 beyond 10 requests a second")
	f.IntVar(&opts.Capacity, "capacity", 20, "requests the rate limit allows at once")
	f.DurationVar(&opts.Delay, "delay", 0, "wait before each answer, such as 20ms")
	f.StringVar(&opts.Dir, "data-dir", "", "keep the users in this directory (default: in memory)")
	return cmd
}

// askPlayground is a health check for images without a shell.
func askPlayground(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := fmt.Sprintf("http://127.0.0.1:%d/incremental/step?start_id=1&end_id=1", port)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the playground: %w", err)
	}
	defer resp.Body.Close()
	// A full rate limiter is a sign of life too.
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusTooManyRequests {
		return fmt.Errorf("asking the playground: status %s", resp.Status)
	}
	return nil
}
