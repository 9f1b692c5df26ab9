package hub

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Client looks for models and data in a cache and fetches into it what is missing. Its fields may be set before the first use only.
type Client struct {
	Cache    string // directory, as HF_HUB_CACHE
	Endpoint string // of the hub, as HF_ENDPOINT: https://huggingface.co
	Token    string // sent to the endpoint, and to no other host; "" for none
	Offline  bool   // takes what the cache has, and asks nobody
	NoLinks  bool   // keeps files in place of links, as HF_HUB_DISABLE_SYMLINKS

	// Progress, if any, is told how much of all that a call fetches is there: bytes.
	Progress func(file string, done, total int64)
	// Note, if any, is told what a person should know, such as that the hub couldn't be asked.
	Note func(text string)

	http  *http.Client
	pause time.Duration // before another attempt, at first
	stall time.Duration // without a byte, after which a connection counts as cut
}

// DefaultEndpoint is Hugging Face's own hub.
const DefaultEndpoint = "https://huggingface.co"

// FromEnvironment returns a client as the environment says: HF_HOME (default ~/.cache/huggingface, or below XDG_CACHE_HOME), HF_HUB_CACHE,
// HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN, HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE and HF_HUB_DISABLE_SYMLINKS, with
// the meanings that huggingface_hub gives them.
func FromEnvironment() (*Client, error) {
	home, err := hubHome()
	if err != nil {
		return nil, err
	}
	cache := firstOf(os.Getenv("HF_HUB_CACHE"), os.Getenv("HUGGINGFACE_HUB_CACHE"), filepath.Join(home, "hub"))
	if cache, err = expand(cache); err != nil {
		return nil, err
	}
	c := &Client{
		Cache:    cache,
		Endpoint: strings.TrimRight(firstOf(os.Getenv("HF_ENDPOINT"), DefaultEndpoint), "/"),
		Offline:  isTrue("HF_HUB_OFFLINE") || isTrue("TRANSFORMERS_OFFLINE"),
		NoLinks:  isTrue("HF_HUB_DISABLE_SYMLINKS"),
	}
	if u, err := url.Parse(c.Endpoint); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("hub: HF_ENDPOINT %q: expected an address such as %s", c.Endpoint, DefaultEndpoint)
	}
	if !isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
		if c.Token, err = token(home); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// hubHome returns the directory that HF_HOME says.
func hubHome() (string, error) {
	if home := os.Getenv("HF_HOME"); home != "" {
		return expand(home)
	}
	if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" {
		return expand(filepath.Join(cache, "huggingface"))
	}
	return expand(filepath.Join("~", ".cache", "huggingface"))
}

// token returns what HF_TOKEN says, else the file that logging in leaves; "" for none.
func token(home string) (string, error) {
	if t := firstOf(os.Getenv("HF_TOKEN"), os.Getenv("HUGGING_FACE_HUB_TOKEN")); t != "" {
		return cleanToken(t), nil
	}
	path, err := expand(firstOf(os.Getenv("HF_TOKEN_PATH"), filepath.Join(home, "token")))
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("hub: %w", err)
	}
	return cleanToken(string(content)), nil
}

func cleanToken(t string) string {
	return strings.NewReplacer("\r", "", "\n", "").Replace(strings.TrimSpace(t))
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func isTrue(name string) bool {
	switch strings.ToUpper(os.Getenv(name)) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}

// expand replaces variables and a leading ~, and makes a path absolute.
func expand(path string) (string, error) {
	path = os.ExpandEnv(path)
	if path == "~" || strings.HasPrefix(path, "~"+string(filepath.Separator)) || strings.HasPrefix(path, "~/") {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("hub: where the cache is can't be known: %w; set HF_HOME", err)
		}
		path = filepath.Join(home, path[1:])
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("hub: %w", err)
	}
	return path, nil
}

// timeouts of connections.
const (
	connectTime = 10 * time.Second
	answerTime  = 30 * time.Second
	stallTime   = 30 * time.Second
)

// client returns what requests are made by. The token doesn't go along where a server sends the request to another host.
func (c *Client) client() *http.Client {
	if c.http == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DialContext = (&net.Dialer{Timeout: connectTime}).DialContext
		transport.ResponseHeaderTimeout = answerTime
		c.http = &http.Client{Transport: transport}
	}
	client := *c.http
	client.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("redirected more than 10 times")
		}
		if to.URL.Host != via[0].URL.Host || to.URL.Scheme != via[0].URL.Scheme {
			to.Header.Del("Authorization")
		}
		return nil
	}
	return &client
}

func (c *Client) note(format string, args ...any) {
	if c.Note != nil {
		c.Note(fmt.Sprintf(format, args...))
	}
}
