"""What the demo model can understand: a small closed vocabulary, as parallel English and Spanish sentences."""

import random
import re

EN_BELOW_20 = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
).split()
EN_TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
ES_BELOW_30 = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve "
    "veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
).split()
ES_TENS = "- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
ES_HUNDREDS = "- ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split()


def english_number(n):
    if n < 20:
        return EN_BELOW_20[n]
    if n < 100:
        return EN_TENS[n // 10] + ("-" + EN_BELOW_20[n % 10] if n % 10 else "")
    return EN_BELOW_20[n // 100] + " hundred" + (" and " + english_number(n % 100) if n % 100 else "")


def spanish_number(n):
    if n < 30:
        return ES_BELOW_30[n]
    if n < 100:
        return ES_TENS[n // 10] + (" y " + ES_BELOW_30[n % 10] if n % 10 else "")
    if n == 100:
        return "cien"
    return ES_HUNDREDS[n // 100] + (" " + spanish_number(n % 100) if n % 100 else "")


def _pairs(text):
    return [tuple(pair.strip().split("|")) for pair in text.split(";")]


# Slot name -> (English, Spanish) pairs to choose from.
WORDS = {
    "room": _pairs(
        "kitchen|la cocina; living room|la sala; bedroom|el dormitorio; bathroom|el baño; garage|el garaje; garden|el jardín; "
        "office|la oficina; hallway|el pasillo"
    ),
    "device": _pairs(
        "light|la luz; fan|el ventilador; radio|la radio; television|el televisor; heater|el calentador; printer|la impresora; "
        "computer|el ordenador; camera|la cámara"
    ),
    "switch": _pairs("on|Enciende; off|Apaga"),
    "day": _pairs("Monday|lunes; Tuesday|martes; Wednesday|miércoles; Thursday|jueves; Friday|viernes; Saturday|sábado; Sunday|domingo"),
    "month": _pairs(
        "January|enero; February|febrero; March|marzo; April|abril; May|mayo; June|junio; July|julio; August|agosto; "
        "September|septiembre; October|octubre; November|noviembre; December|diciembre"
    ),
    "city": _pairs(
        "London|Londres; Paris|París; Madrid|Madrid; Boston|Boston; Chicago|Chicago; Lima|Lima; Berlin|Berlín; Tokyo|Tokio; "
        "Rome|Roma; Bogota|Bogotá"
    ),
    "name": _pairs(
        "Alice|Alicia; Robert|Roberto; Maria|María; Peter|Pedro; Laura|Laura; Daniel|Daniel; Anna|Ana; Carlos|Carlos; "
        "Julia|Julia; David|David"
    ),
    "food": _pairs(
        "apples|manzanas; oranges|naranjas; bananas|plátanos; tomatoes|tomates; eggs|huevos; potatoes|patatas; onions|cebollas; "
        "lemons|limones; carrots|zanahorias; cookies|galletas"
    ),
    "staple": _pairs(
        "bread|pan; milk|leche; coffee|café; sugar|azúcar; rice|arroz; cheese|queso; water|agua; tea|té; butter|mantequilla; "
        "chocolate|chocolate"
    ),
    "animal": _pairs("dog|perro; cat|gato; horse|caballo; bird|pájaro; rabbit|conejo; mouse|ratón; tiger|tigre; bear|oso"),
    "colour": _pairs("black|negro; white|blanco; red|rojo; yellow|amarillo; brown|marrón; green|verde; blue|azul; gray|gris"),
    "doing": _pairs("sleeping|durmiendo; running|corriendo; eating|comiendo; playing|jugando; waiting|esperando; hiding|escondido"),
    "weather": _pairs("sunny|soleado; cloudy|nublado; rainy|lluvioso; windy|ventoso; cold|frío; warm|cálido"),
    "thing": _pairs(
        "books|libros; keys|llaves; letters|cartas; boxes|cajas; tickets|billetes; chairs|sillas; phones|teléfonos; "
        "bottles|botellas; pencils|lápices; coins|monedas"
    ),
    "when": _pairs(
        "today|hoy; tomorrow|mañana; tonight|esta noche; next week|la próxima semana; this afternoon|esta tarde; right now|ahora mismo"
    ),
    "place": _pairs(
        "station|la estación; hospital|el hospital; library|la biblioteca; airport|el aeropuerto; school|la escuela; hotel|el hotel; "
        "bank|el banco; market|el mercado"
    ),
    "quality": _pairs(
        "important|importante; difficult|difícil; easy|fácil; interesting|interesante; possible|posible; different|diferente; "
        "strange|extraño; simple|sencillo"
    ),
    "subject": _pairs(
        "The meeting|La reunión; The project|El proyecto; The report|El informe; The question|La pregunta; The plan|El plan; "
        "The lesson|La lección; The test|El examen; The answer|La respuesta"
    ),
    "verb": _pairs(
        "read|leer; write|escribir; send|enviar; open|abrir; close|cerrar; find|encontrar; copy|copiar; delete|borrar"
    ),
    "document": _pairs(
        "the message|el mensaje; the file|el archivo; the letter|la carta; the door|la puerta; the window|la ventana; "
        "the list|la lista; the recording|la grabación; the document|el documento"
    ),
}

# Slot name -> the numbers it may be.
NUMBERS = {"number": (2, 99), "cents": (2, 59), "few": (2, 20), "date": (2, 31), "hour": (2, 12), "hundreds": (100, 999)}

# Slot name -> how many digits are spelt out.
DIGITS = {"phone": (4, 7), "digits": (3, 6)}

# A digit behind a slot name makes it another choice: {food1} and {food2} differ.
SENTENCES = [
    ("Set a timer for {number} minutes.", "Pon un temporizador de {number} minutos."),
    ("Turn {switch} the {device} in the {room}.", "{switch} {device} en {room}."),
    ("The meeting is on {day} at {time}.", "La reunión es el {day} a {time}."),
    ("My phone number is {phone}.", "Mi número de teléfono es {phone}."),
    ("The {colour} {animal} is {doing} in the {room}.", "El {animal} {colour} está {doing} en {room}."),
    ("{name} wants {few} {food1} and {number} {food2}.", "{name} quiere {few} {food1} y {number} {food2}."),
    ("What time is it in {city}?", "¿Qué hora es en {city}?"),
    ("Please call {name} {when}.", "Por favor, llama a {name} {when}."),
    ("It will be {weather} in {city} on {day}.", "Estará {weather} en {city} el {day}."),
    ("I have {number} {thing}.", "Tengo {number} {thing}."),
    ("Today is {month} {date}.", "Hoy es {date} de {month}."),
    ("Please read message number {number}.", "Por favor, lee el mensaje número {number}."),
    ("The train to {city} leaves from platform {few} at {time}.", "El tren a {city} sale del andén {few} a {time}."),
    ("The price is {number} dollars and {cents} cents.", "El precio es {number} dólares y {cents} centavos."),
    ("Where is the {place}?", "¿Dónde está {place}?"),
    ("We need to buy {staple1}, {staple2} and {staple3}.", "Necesitamos comprar {staple1}, {staple2} y {staple3}."),
    ("{subject} is very {quality}.", "{subject} es muy {quality}."),
    ("I want to {verb} {document} {when}.", "Quiero {verb} {document} {when}."),
    ("{name} is going to the {place} {when}.", "{name} va a {place} {when}."),
    ("The room number is {hundreds}.", "El número de la habitación es {hundreds}."),
    ("Can you {verb} {document}?", "¿Puedes {verb} {document}?"),
    ("The {place1} is near the {place2}.", "Cerca de {place2} está {place1}."),
    ("{name1} and {name2} live in {city}.", "{name1} y {name2} viven en {city}."),
    ("The store opens at {hour} on {day}.", "La tienda abre a las {hour} el {day}."),
    ("There are {number} {thing} in the {room}.", "Hay {number} {thing} en {room}."),
    ("Do you prefer {staple1} or {staple2}?", "¿Prefieres {staple1} o {staple2}?"),
    # Words and digits without grammar: nothing can be guessed, so the model has to listen.
    ("{words}.", "{words}."),
    ("{digits}.", "{digits}."),
]
LOOSE_WORDS = ["colour", "animal", "food", "staple", "thing", "weather", "day", "month"]
SLOT = re.compile(r"\{(\w+?)(\d?)\}")


def sentence(chance):
    """One sentence as an (English, Spanish) pair."""
    english, spanish = chance.choice(SENTENCES)
    chosen = {}
    for slot, which in SLOT.findall(english):
        taken = [pair for key, pair in chosen.items() if key[0] == slot]
        pair = _fill(chance, slot)
        while pair in taken:
            pair = _fill(chance, slot)
        chosen[slot, which] = pair
    texts = []
    for language, template in enumerate((english, spanish)):
        text = SLOT.sub(lambda match: chosen[match[1], match[2]][language], template)
        texts.append(text[0].upper() + text[1:])
    return tuple(texts)


def _fill(chance, slot):
    if slot in WORDS:
        return chance.choice(WORDS[slot])
    if slot in NUMBERS:
        number = chance.randint(*NUMBERS[slot])
        return english_number(number), spanish_number(number)
    if slot in DIGITS:
        digits = [chance.randint(0, 9) for _ in range(chance.randint(*DIGITS[slot]))]
        return " ".join(EN_BELOW_20[digit] for digit in digits), " ".join(ES_BELOW_30[digit] for digit in digits)
    if slot == "words":
        words = [chance.choice(WORDS[chance.choice(LOOSE_WORDS)]) for _ in range(chance.randint(3, 6))]
        return ", ".join(word[0] for word in words), ", ".join(word[1] for word in words)
    return _time(chance)


def _time(chance):
    hour = chance.randint(1, 12)
    english, spanish = chance.choice(
        [(" o'clock", " en punto"), (" fifteen", " y cuarto"), (" thirty", " y media"), (" forty-five", " y cuarenta y cinco")]
    )
    return english_number(hour) + english, ("la una" if hour == 1 else "las " + spanish_number(hour)) + spanish


if __name__ == "__main__":
    example = random.Random(1)
    for _ in range(12):
        print(*sentence(example), sep="  ||  ")
