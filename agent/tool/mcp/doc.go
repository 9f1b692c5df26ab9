// Package mcp calls tools of servers by the Model Context Protocol: programs that are started, and addresses over HTTP.
package mcp
