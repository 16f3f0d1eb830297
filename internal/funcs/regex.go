package funcs

import (
	"regexp"
	"sync"
)

// RegexCache keeps compiled regular expressions, so that a body may be handed the pattern on every row.
// It is bounded: past its size it starts anew.
type RegexCache struct {
	mu sync.Mutex
	m  map[string]*regexp.Regexp
}

const regexCacheSize = 256

// Regex compiles one of Kusto's regular expressions (see RE2Pattern), or returns it from the cache.
func (c *Ctx) Regex(pattern string) (*regexp.Regexp, error) {
	c.regexes.mu.Lock()
	defer c.regexes.mu.Unlock()
	if re, ok := c.regexes.m[pattern]; ok {
		return re, nil
	}
	re2, err := RE2Pattern(pattern)
	if err != nil {
		return nil, err
	}
	re := regexp.MustCompile(re2)
	if c.regexes.m == nil || len(c.regexes.m) >= regexCacheSize {
		c.regexes.m = make(map[string]*regexp.Regexp)
	}
	c.regexes.m[pattern] = re
	return re, nil
}

// re2 compiles an RE2 pattern, or returns it from the cache.
func (c *Ctx) re2(pattern string) (*regexp.Regexp, error) {
	c.regexes.mu.Lock()
	defer c.regexes.mu.Unlock()
	key := "\x00" + pattern // no pattern of Kusto's begins so
	if re, ok := c.regexes.m[key]; ok {
		return re, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	if c.regexes.m == nil || len(c.regexes.m) >= regexCacheSize {
		c.regexes.m = make(map[string]*regexp.Regexp)
	}
	c.regexes.m[key] = re
	return re, nil
}
