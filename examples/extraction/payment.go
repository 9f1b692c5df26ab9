package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var (
	days       = strings.Fields("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
	currencies = []currency{{"EUR", "euros", "€"}, {"USD", "dollars", "$"}, {"GBP", "pounds", "£"}}
)

type currency struct{ code, word, sign string }

// payment is what a sentence tells.
type payment struct {
	day, name, city string
	cents           int
	currency        currency
}

func newPayment(chance *rand.Rand, n names) payment {
	p := payment{
		day: days[chance.IntN(len(days))], name: n.first(chance) + " " + n.last(chance), city: n.city(chance),
		cents: 100 * (1 + chance.IntN(999)), currency: currencies[chance.IntN(len(currencies))],
	}
	if chance.IntN(2) == 0 {
		p.cents += chance.IntN(100)
	}
	return p
}

// json writes the answer: its keys always in one order, the amount with two digits behind the point, and nothing of the day.
func (p payment) json() string {
	return fmt.Sprintf(`{"name": "%s", "city": "%s", "amount": %d.%02d, "currency": "%s"}`, p.name, p.city, p.cents/100, p.cents%100, p.currency.code)
}

// sentence says it in one of several ways.
func (p payment) sentence(chance *rand.Rand) string {
	pick := func(texts ...string) string { return texts[chance.IntN(len(texts))] }
	amount := fmt.Sprintf("%d.%02d", p.cents/100, p.cents%100)
	if p.cents%100 == 0 {
		amount = pick(amount, fmt.Sprint(p.cents/100))
	}
	amount = pick(amount+" "+p.currency.word, p.currency.sign+amount, amount+" "+p.currency.code)
	return pick(
		"On "+p.day+" "+p.name+" paid "+amount+" at the shop in "+p.city+".",
		p.name+" from "+p.city+" sent us "+amount+" on "+p.day+".",
		"We got "+amount+" from "+p.name+" ("+p.city+") last "+p.day+".",
		p.day+"'s bill over "+amount+" goes to "+p.name+", "+p.city+".",
	)
}
