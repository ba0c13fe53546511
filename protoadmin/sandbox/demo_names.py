"""Names, places and telephone numbers for made-up people, by country.

Numbers are out of the ranges that a country keeps free for fiction where it has one, otherwise a mobile prefix with
555 01xx. Names that are not in Latin script come with a romanised form, which addresses and ids are made of.
"""

import unicodedata
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Country:
    """Where people come from. `phone` has # for a digit; names are `native` or `native|romanised`."""

    name: str
    language: str
    cities: tuple[str, ...]
    phone: str
    first: tuple[str, ...]
    last: tuple[str, ...]
    family_first: bool = False
    glue: str = " "


def made_up_name(country: Country, rng: Random) -> tuple[str, str]:
    """A whole name as it is written there, and in the plain Latin letters of an address."""
    first, first_latin = pick(country.first, rng)
    last, last_latin = pick(country.last, rng)
    names = (last, first) if country.family_first else (first, last)
    return country.glue.join(names), f"{plain(first_latin)}.{plain(last_latin)}"


def pick(names: tuple[str, ...], rng: Random) -> tuple[str, str]:
    """One of the names, native and romanised."""
    native, _, latin = rng.choice(names).partition("|")
    return native, latin or native


def plain(name: str) -> str:
    """A romanised name in small letters of ASCII."""
    special = str.maketrans({"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "ø": "o"})
    letters = unicodedata.normalize("NFKD", name.translate(special)).encode("ascii", "ignore").decode()
    return "".join(char for char in letters.lower() if char.isalnum() or char == "-")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


COUNTRIES = {
    "PH": Country(
        "Philippines",
        "tl",
        _words("Quezon City, Cebu City, Davao, Makati, Iloilo"),
        "63 917 555 01##",
        _words("Maria, Jose, Andrea, Juan Miguel, Liza, Ramon, Kristine, Paolo, Marisol, Dante, Jhoanna"),
        _words("Santos, Reyes, Dela Cruz, Bautista, Villanueva, Mendoza, Aquino, Magsaysay, Peña, Macaraeg"),
    ),
    "US": Country(
        "United States",
        "en",
        _words("Chicago, Austin, Portland, Oakland, Boston"),
        "1 312 555 01##",
        _words("Grace, Marcus, Olivia, Tyrell, Hannah, Victor, Naomi, Caleb, Renée"),
        _words("Whitfield, Okafor, Larsen, Nguyen, O’Brien, Castillo, Feldman, Park, Smith"),
    ),
    "GB": Country(
        "United Kingdom",
        "en",
        _words("London, Leeds, Cardiff, Glasgow"),
        "44 7700 9001##",
        _words("Imogen, Rhys, Aisha, Callum, Beatrice, Tobias, Siân, Harriet"),
        _words("Hargreaves, Llewellyn, Khan, Macdonald, Ashworth, Patel, Fitzgerald, Smith"),
    ),
    "DE": Country(
        "Germany",
        "de",
        _words("Berlin, Köln, München, Leipzig"),
        "49 30 231250##",
        _words("Jürgen, Käthe, Sönke, Anneliese, Matthias, Yasemin, Friederike, Björn"),
        _words("Müller, Großmann, Schröder, Yılmaz, Weiß, Köhler, von Bülow, Jäger"),
    ),
    "FR": Country(
        "France",
        "fr",
        _words("Paris, Lyon, Saint-Étienne, Nîmes"),
        "33 6 39 98 01 ##",
        _words("Amélie, François, Chloé, Théo, Zoé, Loïc, Inès, Jean-Noël"),
        _words("Lefèvre, Dupré, Benoît, N’Diaye, Garçon, Moreau, Le Goff, Bérenger"),
    ),
    "ES": Country(
        "Spain",
        "es",
        _words("Madrid, Sevilla, A Coruña, Málaga"),
        "34 612 555 0##",
        _words("Íñigo, Begoña, Álvaro, Lucía, Joaquín, María José, Óscar"),
        _words("García Muñoz, Núñez Peña, Ibáñez Ruiz, Fernández Vidal, Ordóñez Gil, López Saura"),
    ),
    "MX": Country(
        "Mexico",
        "es",
        _words("Guadalajara, Mérida, Ciudad de México"),
        "52 55 5555 01##",
        _words("Ximena, José Luis, Guadalupe, Emiliano, Citlali, Ángel"),
        _words("Hernández, Zúñiga, Treviño, Castañeda, Ramírez, Quiñones"),
    ),
    "BR": Country(
        "Brazil",
        "pt",
        _words("São Paulo, Recife, Florianópolis, Belém"),
        "55 11 95550 01##",
        _words("João, Conceição, Thaís, Vinícius, Márcia, Antônio, Luísa"),
        _words("da Conceição, Gonçalves, Magalhães, Araújo, de Sá, Simões, dos Anjos"),
    ),
    "PL": Country(
        "Poland",
        "pl",
        _words("Kraków, Łódź, Gdańsk, Wrocław"),
        "48 512 555 0##",
        _words("Łukasz, Małgorzata, Zbigniew, Agnieszka, Wojciech, Żaneta"),
        _words("Wójcik, Dąbrowska, Święcicki, Grzybowska, Żmuda, Łęcki"),
    ),
    "TR": Country(
        "Turkey",
        "tr",
        _words("İstanbul, İzmir, Eskişehir"),
        "90 532 555 01 ##",
        _words("Ayşe, Oğuz, Çağla, İlker, Şebnem, Işıl"),
        _words("Yıldız, Öztürk, Güneş, Çelik, Aydın, Şahin"),
    ),
    "VN": Country(
        "Vietnam",
        "vi",
        _words("Hà Nội, Đà Nẵng, TP. Hồ Chí Minh"),
        "84 91 555 01 ##",
        _words("Thị Hương, Văn Đức, Minh Anh, Quốc Bảo, Thúy Hằng, Hữu Phước"),
        _words("Nguyễn, Trần, Phạm, Đặng, Võ, Huỳnh"),
        family_first=True,
    ),
    "NG": Country(
        "Nigeria",
        "yo",
        _words("Lagos, Ìbàdàn, Abẹ́òkúta, Kano, Enugu"),
        "234 803 555 01##",
        _words("Adébáyọ̀, Fọláṣadé, Olúwaṣeun, Títílayọ̀, Ọláìyá, Ngọzi, Chukwuemeka, Ìyábọ̀"),
        _words("Adéyẹmí, Ọlátúnjí, Awólọ́wọ̀, Okonkwo, Bello, Ṣóyínká, Ògúnbíyì, Ezekwesili"),
    ),
    "KE": Country(
        "Kenya",
        "sw",
        _words("Nairobi, Mombasa, Kisumu"),
        "254 712 555 01#",
        _words("Wanjiru, Otieno, Achieng, Kipchoge, Mwende, Juma"),
        _words("Kamau, Odhiambo, Mutua, Cheruiyot, Njeri, Barasa"),
    ),
    "RW": Country(
        "Rwanda",
        "rw",
        _words("Kigali, Huye, Musanze"),
        "250 788 555 01#",
        _words("Ingabire, Eric, Umutoni, Claudine, Jean Bosco, Solange"),
        _words("Mukamana, Habimana, Uwase, Nshimiyimana, Niyonzima, Mugisha"),
    ),
    "ZM": Country(
        "Zambia",
        "bem",
        _words("Lusaka, Ndola, Kitwe"),
        "260 97 555 01##",
        _words("Mutale, Chileshe, Bwalya, Mwila, Nchimunya, Thandiwe"),
        _words("Banda, Phiri, Mulenga, Tembo, Sakala, Musonda"),
    ),
    "EG": Country(
        "Egypt",
        "ar",
        _words("القاهرة, الإسكندرية, أسوان"),
        "20 100 555 01##",
        _words("أحمد|Ahmed, فاطمة|Fatma, محمود|Mahmoud, ياسمين|Yasmin, عمر|Omar, نورهان|Nourhan"),
        _words("عبد الرحمن|Abdelrahman, السيد|Elsayed, حسن|Hassan, المصري|Elmasry, إبراهيم|Ibrahim"),
    ),
    "AE": Country(
        "United Arab Emirates",
        "ar",
        _words("دبي, أبو ظبي, الشارقة"),
        "971 50 555 01##",
        _words("خالد|Khalid, مريم|Maryam, سلطان|Sultan, شيخة|Shaikha, راشد|Rashid"),
        _words("المنصوري|Almansoori, الهاشمي|Alhashmi, الكعبي|Alkaabi, المهيري|Almheiri"),
    ),
    "IL": Country(
        "Israel",
        "he",
        _words("תל אביב, חיפה, באר שבע"),
        "972 55 555 01##",
        _words("נועה|Noa, יוסף|Yosef, תמר|Tamar, אורי|Uri"),
        _words("לוי|Levi, כהן|Cohen, מזרחי|Mizrahi, ברק|Barak"),
    ),
    "TH": Country(
        "Thailand",
        "th",
        _words("กรุงเทพมหานคร, เชียงใหม่, ขอนแก่น, ภูเก็ต"),
        "66 81 555 01##",
        _words("สมชาย|Somchai, สุดารัตน์|Sudarat, ณัฐวุฒิ|Natthawut, พิมพ์ชนก|Phimchanok, กิตติ|Kitti, อรทัย|Orathai"),
        _words("ศรีสุวรรณ|Srisuwan, วงศ์สวัสดิ์|Wongsawat, แก้วมณี|Kaewmanee, จันทร์เพ็ญ|Chanpen, บุญมี|Boonmee"),
    ),
    "CN": Country(
        "China",
        "zh_CN",
        _words("上海, 深圳, 成都, 北京"),
        "86 139 5550 01##",
        _words("伟|Wei, 秀英|Xiuying, 建国|Jianguo, 思远|Siyuan, 晓梅|Xiaomei, 子涵|Zihan"),
        _words("王|Wang, 李|Li, 张|Zhang, 欧阳|Ouyang, 陈|Chen, 赵|Zhao"),
        family_first=True,
        glue="",
    ),
    "TW": Country(
        "Taiwan",
        "zh_TW",
        _words("臺北市, 高雄市, 臺中市"),
        "886 955 555 01#",
        _words("志明|Chih-ming, 淑芬|Shu-fen, 雅婷|Ya-ting, 冠宇|Kuan-yu"),
        _words("林|Lin, 黃|Huang, 蔡|Tsai, 葉|Yeh"),
        family_first=True,
        glue="",
    ),
    "JP": Country(
        "Japan",
        "ja",
        _words("東京, 大阪, 札幌, 福岡"),
        "81 90 5550 01##",
        _words("陽子|Yoko, 健太|Kenta, さくら|Sakura, 大輔|Daisuke, 美咲|Misaki, 蓮|Ren"),
        _words("佐藤|Sato, 鈴木|Suzuki, 髙橋|Takahashi, 渡邉|Watanabe, 小笠原|Ogasawara"),
        family_first=True,
    ),
    "KR": Country(
        "South Korea",
        "ko",
        _words("서울, 부산, 전주"),
        "82 10 5550 01##",
        _words("민준|Minjun, 서연|Seoyeon, 지훈|Jihoon, 하은|Haeun"),
        _words("김|Kim, 이|Lee, 박|Park, 최|Choi"),
        family_first=True,
        glue="",
    ),
    "IN": Country(
        "India",
        "hi",
        _words("मुंबई, नई दिल्ली, पुणे, लखनऊ"),
        "91 98555 501##",
        _words("अर्जुन|Arjun, प्रिया|Priya, राजेश|Rajesh, सुनीता|Sunita, विक्रम|Vikram, आकांक्षा|Akanksha"),
        _words("शर्मा|Sharma, पाटील|Patil, गुप्ता|Gupta, कुलकर्णी|Kulkarni, श्रीवास्तव|Shrivastava"),
    ),
    "BD": Country(
        "Bangladesh",
        "bn",
        _words("ঢাকা, চট্টগ্রাম, সিলেট"),
        "880 1711 5550##",
        _words("রহিম|Rahim, নুসরাত|Nusrat, তানভীর|Tanvir, শারমিন|Sharmin"),
        _words("হোসেন|Hossain, আক্তার|Akter, চৌধুরী|Chowdhury, ইসলাম|Islam"),
    ),
    "GR": Country(
        "Greece",
        "el",
        _words("Αθήνα, Θεσσαλονίκη"),
        "30 694 555 01##",
        _words("Γιώργος|Giorgos, Ελένη|Eleni, Δημήτρης|Dimitris, Κατερίνα|Katerina"),
        _words("Παπαδόπουλος|Papadopoulos, Νικολάου|Nikolaou, Αγγελή|Angeli"),
    ),
    "UA": Country(
        "Ukraine",
        "uk",
        _words("Київ, Львів, Одеса"),
        "380 67 555 01##",
        _words("Оксана|Oksana, Тарас|Taras, Ірина|Iryna, Ганна|Hanna"),
        _words("Шевченко|Shevchenko, Ковальчук|Kovalchuk, Гнатюк|Hnatiuk, Білоус|Bilous"),
    ),
    "ID": Country(
        "Indonesia",
        "id",
        _words("Jakarta, Surabaya, Yogyakarta"),
        "62 812 5550 01##",
        _words("Siti, Budi, Dewi, Agus, Putri, Wayan"),
        _words("Wibowo, Hartono, Lestari, Nasution, Suryani"),
    ),
}
