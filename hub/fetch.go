package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/seahorse-ml/seahorse/internal/dirlock"
)

// ErrSum says that content isn't what its checksum says.
var ErrSum = errors.New("the content doesn't have its checksum")

// attempts are how often a request is made that gets nothing.
const attempts = 5

// progress tells of several files as one.
type progress struct {
	tell        func(file string, done, total int64)
	before, all int64
}

func (p *progress) show(file string, done int64) {
	if p.tell != nil {
		p.tell(file, p.before+done, p.all)
	}
}

// fetch makes files of a commit be there.
func (c *Client) fetch(ctx context.Context, r Repo, commit string, wanted []entry) error {
	s := c.store(r)
	p := progress{tell: c.Progress}
	var missing []entry
	for _, e := range wanted {
		if !s.has(commit, e.Path) {
			missing = append(missing, e)
			p.all += e.Size
		}
	}
	for _, e := range missing {
		if err := c.fetchOne(ctx, s, r, commit, e, &p); err != nil {
			return fmt.Errorf("hub: %s: %s: %w", r, e.Path, err)
		}
		p.before += e.Size
	}
	return nil
}

// fetchOne makes a file of a commit be there.
func (c *Client) fetchOne(ctx context.Context, s store, r Repo, commit string, e entry, p *progress) error {
	if err := e.check(); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Join(s.dir, "blobs"), filepath.Dir(s.pointer(commit, e.Path))} {
		if err := s.makeDir(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.locks, 0o755); err != nil {
		return err
	}
	release, err := dirlock.WaitFile(ctx, filepath.Join(s.locks, e.sum()+".lock"))
	if err != nil {
		return err
	}
	defer release()
	fresh := false
	if _, err := os.Stat(s.blob(e.sum())); err != nil {
		if err := c.download(ctx, s, r, commit, e, p); err != nil {
			return err
		}
		fresh = true
	}
	return s.link(e.sum(), commit, e.Path, fresh)
}

// download fetches a blob. What came of one before stays beside its name, and is gone on with.
func (c *Client) download(ctx context.Context, s store, r Repo, commit string, e entry, p *progress) (err error) {
	path := s.blob(e.sum()) + ".incomplete"
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	resumed, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	for again := false; ; again = true {
		sum, err := c.fill(ctx, f, c.resolve(r, commit, e.Path), e, p)
		if err != nil {
			return err
		}
		if sum == e.sum() {
			break
		}
		if resumed == 0 || again {
			f.Close()
			return errors.Join(fmt.Errorf("%w: it has %s, expected %s; it wasn't kept", ErrSum, sum, e.sum()), os.Remove(path))
		}
		if err := f.Truncate(0); err != nil { // what was there may have been of something else
			return err
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path, s.blob(e.sum()))
}

// newHash returns the hash of an entry's checksum: SHA-256, or git's of a blob.
func newHash(e entry) hash.Hash {
	if e.SHA256 != "" {
		return sha256.New()
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", e.Size)
	return h
}

// fill appends to a file what it lacks, through cut connections, and returns the checksum of the whole.
func (c *Client) fill(ctx context.Context, f *os.File, address string, e entry, p *progress) (string, error) {
	h, have, err := hashed(f, e)
	if err != nil {
		return "", err
	}
	wait := c.pause
	if wait == 0 {
		wait = time.Second
	}
	for left, furthest := attempts, have; ; {
		if have > e.Size { // of something else
			if err := errors.Join(f.Truncate(0), seek(f, 0)); err != nil {
				return "", err
			}
			h, have = newHash(e), 0
		}
		if have == e.Size {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		p.show(e.Path, have)
		got, restarted, err := c.part(ctx, f, h, address, have, e, p)
		if have += got; restarted {
			var read error
			if h, have, read = hashed(f, e); read != nil {
				return "", read
			}
		}
		if left--; have > furthest {
			left, furthest = attempts, have
		}
		switch {
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case err != nil && (left == 0 || !transient(err)):
			return "", err
		case left == 0:
			return "", fmt.Errorf("%s sends the same part again and again", address)
		case err == nil:
			continue
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(wait):
		}
		if got == 0 {
			wait *= 2
		}
	}
}

// hashed returns the hash of what a file has, and its size, and leaves it at its end.
func hashed(f *os.File, e entry) (hash.Hash, int64, error) {
	h := newHash(e)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	have, err := io.Copy(h, f)
	return h, have, err
}

// errShort says that a connection ended before the file did.
var errShort = errors.New("the connection ended before the file did")

// part makes one request for what is behind the first bytes, and appends what comes to the file and the hash. A server that sends the whole instead
// begins the file anew.
func (c *Client) part(ctx context.Context, f *os.File, h hash.Hash, address string, have int64, e entry, p *progress) (got int64, restarted bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := c.stall
	if stall == 0 {
		stall = stallTime
	}
	alarm := time.AfterFunc(stall+answerTime, func() { cancel(fmt.Errorf("%s sends nothing for %v", address, stall)) })
	defer alarm.Stop()
	header := http.Header{}
	if have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	a, err := c.do(ctx, http.MethodGet, address, header)
	if err != nil {
		if statusOf(err) == http.StatusRequestedRangeNotSatisfiable && have > 0 {
			return 0, true, errors.Join(f.Truncate(0), seek(f, 0))
		}
		return 0, false, causeOf(ctx, err)
	}
	defer a.Body.Close()
	if have > 0 && a.StatusCode != http.StatusPartialContent {
		if err := errors.Join(f.Truncate(0), seek(f, 0)); err != nil {
			return 0, true, err
		}
		have, restarted = 0, true
	}
	if first := int64(0); have > 0 {
		if _, err := fmt.Sscanf(a.Header.Get("Content-Range"), "bytes %d-", &first); err != nil || first != have {
			return 0, false, fmt.Errorf("%s sends another part than the one from byte %d on: %q", address, have, shortened(a.Header.Get("Content-Range")))
		}
	}
	buffer := make([]byte, 256<<10)
	for have+got <= e.Size {
		alarm.Reset(stall)
		n, err := a.Body.Read(buffer)
		if n > 0 {
			n = int(min(int64(n), e.Size-have-got+1)) // a byte too many shows that it isn't what was asked for
			if _, err := f.Write(buffer[:n]); err != nil {
				return got, restarted, err
			}
			h.Write(buffer[:n]) // what is begun anew is hashed once more
			got += int64(n)
			p.show(e.Path, min(have+got, e.Size))
		}
		if errors.Is(err, io.EOF) {
			if have+got < e.Size {
				return got, restarted, errShort
			}
			break
		}
		if err != nil {
			return got, restarted, causeOf(ctx, err)
		}
	}
	if have+got > e.Size {
		return got, restarted, &statusError{a.StatusCode, "", fmt.Sprintf("more than the %d bytes of the file", e.Size), address}
	}
	return got, restarted, nil
}

// causeOf returns why a context ended where that is why an error came, else the error.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func seek(f *os.File, at int64) error {
	_, err := f.Seek(at, io.SeekStart)
	return err
}
