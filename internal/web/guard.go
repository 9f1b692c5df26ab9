package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Errors by which a Guard refuses a request.
var (
	ErrToken  = errors.New("no valid token: send the header Authorization: Bearer TOKEN")
	ErrHost   = errors.New("the Host isn't this machine's own")
	ErrOrigin = errors.New("the Origin isn't this machine's own")
)

// Guard decides who may speak with a server. With a token, whoever shows it. Without one, programs of this machine, and of web pages those that this
// machine serves itself: another page could else speak with the server from the browser of somebody who runs one, by its own name for 127.0.0.1 too.
type Guard struct {
	Token string // "" for none
}

// Check tells why a request is refused, or nil.
func (g Guard) Check(r *http.Request) error {
	if g.Token != "" {
		// Sums have one length, so that the time tells nothing about the token.
		shown, want := sha256.Sum256([]byte(shownToken(r))), sha256.Sum256([]byte(g.Token))
		if subtle.ConstantTimeCompare(shown[:], want[:]) != 1 {
			return ErrToken
		}
		return nil
	}
	if !ownHost(r.Host) {
		return ErrHost
	}
	if origin := r.Header.Get("Origin"); origin != "" && !ownOrigin(origin) {
		return ErrOrigin
	}
	return nil
}

// AllowOwnOrigin lets the page that a request comes from read the answer, where it is one of this machine.
func AllowOwnOrigin(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" && ownOrigin(origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Add("Vary", "Origin")
	}
}

// Preflight answers what a browser asks before a request of a page of this machine, and tells whether it was that: which methods there are.
func Preflight(w http.ResponseWriter, r *http.Request, methods string) bool {
	if origin := r.Header.Get("Origin"); r.Method != http.MethodOptions || origin == "" || !ownOrigin(origin) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", methods)
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.WriteHeader(http.StatusNoContent)
	return true
}

func shownToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func ownOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && ownHost(u.Host)
}

// ownHost tells whether a host, with or without a port, is a name that means this machine everywhere.
func ownHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Listen opens an address, HOST:PORT. One that others than this machine reach needs a token.
func Listen(address, token string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("web: address %q: expected HOST:PORT, such as 127.0.0.1:8000: %w", address, err)
	}
	if token == "" && !ownHost(host) {
		return nil, fmt.Errorf("web: %s can be reached from other machines: that needs a token, so that not everybody gets in", address)
	}
	return net.Listen("tcp", address)
}
