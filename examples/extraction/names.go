package main

import (
	"math/rand/v2"
	"strings"
)

// names draw what people and towns are called. A model learns to copy names, rather than to choose among those that it knows, only if there are very many
// of them. So half of the learned ones are made up from syllables. Those of the examination are all real, and none of them is learned.
type names struct {
	firsts, lasts, cities []string
	invent                bool
}

var learnedNames = names{
	firsts: strings.Fields(`Aaron Ada Adele Ahmed Aisha Alan Albert Alice Alma Amara Amina Andre Anita Anna Anton Arthur Asha Astrid Aurora Ayumi Bashir
Bela Ben Bertha Bilal Bjorn Bruno Camila Carla Carlos Cecilia Chloe Clara Claude Dana Daniel Daria David Deepak Diana Diego Dmitri Dora Edith Edgar Elena
Eli Elif Ella Elsa Emma Erik Esther Eva Fadi Farid Fatima Felix Fiona Flora Frank Gabriel George Gita Gloria Grace Greta Gustav Hana Hans Hassan Helen Henry
Hiro Hugo Ida Igor Ines Ingrid Iris Isaac Ivan Jack Jana Jasmin Javier Joan Jonas Jorge Joseph Juan Julia Kamal Karen Karl Kemal Kenji Klara Kofi Lars Laura Leila
Leo Lina Linus Lola Louis Lucia Luis Lydia Magnus Malik Marco Maria Marta Martin Mei Mia Mikhail Mila Mira Nadia Naomi Nils Nina Noah Nora Olga Oliver
Omar Oscar Otto Pablo Paula Pedro Peter Petra Priya Rafael Rahul Rania Ravi Rita Robert Rosa Ruth Sam Samir Sara Sergei Simon Sofia Sonia Stefan Sven Tanja
Tara Tariq Theo Thomas Tobias Umar Ursula Vera Victor Viktor Vilma Walter Wanda William Yara Yasmin Yusuf Zoe`),
	lasts: strings.Fields(`Abbas Adams Agarwal Ahmad Allen Almeida Andersen Bailey Baker Bakker Banerjee Barbosa Bauer Becker Bennett Berg Bianchi Bondarenko Borg
Brown Carter Castro Clark Cohen Collins Conti Cooper Costa Cruz Dahl Das Davies Diaz Diop Dixon Duarte Dubois Edwards Eriksson Evans Farkas Fernandez Ferrari
Foster Franco Garcia Gibson Gomez Gonzalez Gordon Graham Green Greco Gupta Haas Haddad Hall Hansen Harris Hassan Haugen Hill Hoffmann Huang Hughes Hussain
Ibrahim Ivanov Jackson Jansen Jensen Jones Joshi Kaplan Keller Kelly Khan Kim King Klein Koch Kovacs Kowalski Krause Kumar Lambert Lang Larsen Lee Lewis
Lindqvist Lopez Lund Mancini Marino Martin Mehta Mendes Miller Mitchell Moreau Morgan Muller Murphy Murray Nagy Nakamura Nielsen Novak Nunes Okafor Olsson Ortiz Owens
Park Parker Patel Pereira Petrov Phillips Pinto Popov Price Ramos Reid Reyes Roberts Rossi Roux Ruiz Russo Said Sanchez Santos Schmid Schneider Scott
Sharma Shaw Silva Singh Smith Sokolov Sousa Stewart Suzuki Takahashi Tanaka Taylor Thompson Torres Turner Varga Vasquez Verma Vogel Wagner Walker Wang Ward Watson Weber
Weiss White Wilson Wolf Wong Wood Wright Yamamoto Yilmaz Young Zhang Ziegler`),
	cities: strings.Fields(`Accra Adelaide Algiers Amman Amsterdam Ankara Antwerp Athens Atlanta Auckland Augsburg Austin Baghdad Baku Bamako Barcelona Bari Basel Bath
Beirut Belfast Belgrade Bergen Berlin Bern Bogota Bologna Bonn Bordeaux Boston Bratislava Bremen Brescia Brighton Bristol Bruges Brussels Bucharest Budapest
Cadiz Cairo Calgary Cambridge Cannes Cardiff Catania Chester Chicago Cologne Copenhagen Cork Dakar Dallas Damascus Delft Delhi Denver Detroit Dijon Dover Dresden
Dublin Dundee Durban Essen Exeter Florence Frankfurt Galway Gdansk Genoa Ghent Gothenburg Graz Grenoble Haarlem Hanoi Hanover Havana Helsinki Houston Innsbruck
Istanbul Izmir Jakarta Kabul Karachi Kiel Kiev Kingston Kyoto Lagos Lahore Lausanne Leiden Leipzig Lille Lima Limerick Linz Lisbon Liverpool Ljubljana London Lucerne
Lyon Madrid Malaga Malmo Manchester Manila Mannheim Marseille Melbourne Memphis Miami Milan Minsk Mombasa Montreal Moscow Mumbai Munich Nairobi Nantes Nice Nicosia
Nuremberg Odense Odessa Oporto Oslo Ostend Oxford Padua Palermo Paris Parma Perth Phoenix Pilsen Pisa Plovdiv Porto Poznan Prague Quito Rabat Ravenna Rennes Reykjavik
Rome Rotterdam Salzburg Santiago Sarajevo Seattle Seoul Seville Siena Skopje Sofia Stavanger Stockholm Strasbourg Stuttgart Sydney Tallinn Tampere Tangier Tartu Tehran
Tirana Tokyo Toledo Toronto Toulouse Trieste Tunis Turin Turku Uppsala Valencia Valletta Venice Verona Vienna Vilnius Warsaw Wellington York Zagreb Zaragoza Zurich`),
	invent: true,
}

var heldOutNames = names{
	firsts: strings.Fields(`Agnes Alberto Amir Beatrix Boris Brigitte Callum Chen Claudio Dalia Damian Dorothy Edwin Emil Enzo Frida Fumiko Gerald Goran Gwen Hanna Harold
Hilda Imani Ivo Jerome Judit Kasper Katya Lamar Lorenzo Ludmila Marion Miriam Mirko Nestor Norman Odette Pamela Pavel Philip Quentin Rebecca Roland Selma Sidney
Timur Ulrich Valentina Vincent Wassim Wendy Xenia Yannick Zainab`),
	lasts: strings.Fields(`Achebe Arnold Bergmann Burke Chaudhry Crawford Delgado Donovan Eklund Ellis Fischer Fleming Giordano Guerra Hoover Horvat Hunt Iversen Johansson Jordan
Kaminski Kerr Laurent Lombardi Mbeki Meyer Monroe Nguyen Norris Olsen Palmer Popescu Quinn Ricci Rivera Sato Sutton Tkachenko Ueda Vance Visser Winkler Xu Yeo Zimmermann`),
	cities: strings.Fields(`Aarhus Aberdeen Bilbao Bradford Cartagena Cleveland Darwin Debrecen Eindhoven Funchal Geneva Glasgow Hamburg Ipswich Jena Krakow Leeds Maribor
Naples Norwich Ostrava Plymouth Portland Potsdam Quebec Riga Rouen Split Tbilisi Tucson Utrecht Vigo Winterthur Yerevan Zadar`),
}

func (n names) first(chance *rand.Rand) string { return n.draw(chance, n.firsts, "", 2) }

func (n names) last(chance *rand.Rand) string {
	return n.draw(chance, n.lasts, " er man sen son ski ov ez ini sson berg ", 3)
}

func (n names) city(chance *rand.Rand) string {
	return n.draw(chance, n.cities, " burg ton stad ville ford ham o a grad hafen ", 2)
}

// draw takes one of a list, or makes a name up.
func (n names) draw(chance *rand.Rand, list []string, ends string, syllables int) string {
	for n.invent && chance.IntN(2) == 0 {
		if name := invented(chance, strings.Split(ends, " "), syllables); !heldOut[name] {
			return name
		}
	}
	return list[chance.IntN(len(list))]
}

// invented makes a name of one to so many syllables and an end.
func invented(chance *rand.Rand, ends []string, syllables int) string {
	pick := func(list []string) string { return list[chance.IntN(len(list))] }
	name := pick(onsets)
	for i := range 1 + chance.IntN(syllables) {
		if i > 0 {
			name += pick(middles)
		}
		name += pick(vowels)
	}
	name += pick(codas) + pick(ends)
	return strings.ToUpper(name[:1]) + name[1:]
}

var (
	onsets  = strings.Fields("b bl br c ch cl d dr f fl fr g gl gr h j k kl kr l m n p ph pl pr qu r s sc sh sk sl sm sn sp st str t th tr v w z")
	vowels  = strings.Fields("a a a e e e i i i o o o u u ai au ea ee ie oa oo ou y")
	middles = strings.Fields("b bb d g k l ll lm m mb n nd ng nn nt p r rd rk rl rn rr s ss st t tr v x z")
	codas   = strings.Split(" b ck d f g k l ld ll lt m n nd nk ns nt p r rd rk rn rt s sh ss st t th tz x z", " ")
	heldOut = setOf(heldOutNames.firsts, heldOutNames.lasts, heldOutNames.cities)
)

func setOf(lists ...[]string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for _, name := range list {
			set[name] = true
		}
	}
	return set
}
