"""Languages by whatever name a file or a wish has for them: one may be `ger`, `deu`, `de` or `de-DE`.

The tables are those of ISO 639: two letters (639-1) and the bibliographic names (639-2/B) for the terminological ones.
"""

_TWO = """
aa aar ab abk ae ave af afr ak aka am amh an arg ar ara as asm av ava ay aym az aze ba bak be bel bg bul bh bih bi bis
bm bam bn ben bo bod br bre bs bos ca cat ce che ch cha co cos cr cre cs ces cu chu cv chv cy cym da dan de deu dv div
dz dzo ee ewe el ell en eng eo epo es spa et est eu eus fa fas ff ful fi fin fj fij fo fao fr fra fy fry ga gle gd gla
gl glg gn grn gu guj gv glv ha hau he heb hi hin ho hmo hr hrv ht hat hu hun hy hye hz her ia ina id ind ie ile ig ibo
ii iii ik ipk in ind io ido is isl it ita iu iku iw heb ja jpn ji yid jv jav ka kat kg kon ki kik kj kua kk kaz kl kal
km khm kn kan ko kor kr kau ks kas ku kur kv kom kw cor ky kir la lat lb ltz lg lug li lim ln lin lo lao lt lit lu lub
lv lav mg mlg mh mah mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt my mya na nau nb nob nd nde ne nep ng ndo nl nld
nn nno no nor nr nbl nv nav ny nya oc oci oj oji om orm or ori os oss pa pan pi pli pl pol ps pus pt por qu que rm roh
rn run ro ron ru rus rw kin sa san sc srd sd snd se sme sg sag si sin sk slk sl slv sm smo sn sna so som sq sqi sr srp
ss ssw st sot su sun sv swe sw swa ta tam te tel tg tgk th tha ti tir tk tuk tl tgl tn tsn to ton tr tur ts tso tt tat
tw twi ty tah ug uig uk ukr ur urd uz uzb ve ven vi vie vo vol wa wln wo wol xh xho yi yid yo yor za zha zh zho zu zul
"""
_BIBLIOGRAPHIC = """
alb sqi arm hye baq eus bur mya chi zho cze ces dut nld fre fra geo kat ger deu gre ell ice isl mac mkd mao mri may msa
mol ron per fas rum ron scc srp scr hrv slo slk tib bod wel cym
"""
# Names of what others name as a whole: who wishes for Norwegian has either.
_WITHIN = "cmn zho nno nor nob nor yue zho"
# Not said, none, several, or that of the original (as broadcasters have it): any of them may be the one wished for.
_UNKNOWN = {"", "mis", "mul", "und", "zxx"}


def _pairs(words: str) -> dict[str, str]:
    names = words.split()
    return dict(zip(names[::2], names[1::2], strict=True))


_NAMES = _pairs(_TWO) | _pairs(_BIBLIOGRAPHIC)
_LARGER = _pairs(_WITHIN)


def language(tag: str) -> str:
    """The one that `tag` (ISO 639, BCP 47) means, in three letters; "" where it names none that could be told."""
    name = _own(tag)
    return _LARGER.get(name, name)


def says_more(tag: str, name: str) -> bool:
    """Whether `tag` (BCP 47) tells more of a language than `name` (ISO 639), or another: a region, a script."""
    return bool(tag) and ("-" in tag.strip() or _own(tag) != _own(name))


def _own(tag: str) -> str:
    """Not that of the whole that it is within."""
    first = tag.strip().lower().replace("_", "-").split("-")[0]
    name = _NAMES.get(first, first)
    known = len(name) == 3 and name.isascii() and name.isalpha() and name not in _UNKNOWN
    own = "qaa" <= name <= "qtz"  # for private use
    return name if known and not own else ""
