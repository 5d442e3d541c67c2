// Judges each arrival by the page's snippet, beside this file, and prints the answers.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"time"
)

func main() {
	var arrivals []struct {
		Headers map[string]string
		Body    []byte
		Secret  string
		Now     int64
	}
	file, err := os.Open("arrivals.json")
	if err != nil {
		panic(err)
	}
	if err := json.NewDecoder(file).Decode(&arrivals); err != nil {
		panic(err)
	}
	answers := []bool{}
	for _, each := range arrivals {
		headers := http.Header{}
		for name, value := range each.Headers {
			headers.Set(name, value)
		}
		answers = append(answers, IsGenuine(headers, each.Body, each.Secret, time.Unix(each.Now, 0)))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
