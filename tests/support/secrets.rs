//! Made-up secrets from the shapes that stand with the rules, so that nothing in this repository
//! looks like one. What is made is the same in every run.

/// A rule as far as tests need it.
#[derive(Debug, Clone)]
pub struct Shape {
    pub rule: String,
    pub wraps: bool,
    pub block: Option<String>,
    pub examples: Vec<String>,
    pub counter: Vec<String>,
}

/// A line with a secret in it.
#[derive(Debug, Clone)]
pub struct Example {
    pub rule: String,
    pub line: String,
    pub secret: String,
}

/// What the file of rules says.
pub fn shapes() -> Vec<Shape> {
    let file: toml::Table =
        toml::from_str(include_str!("../../assets/rules/secrets.toml")).unwrap();
    let words = |rule: &toml::Value, key: &str| -> Vec<String> {
        let list = rule.get(key).and_then(toml::Value::as_array);
        let list = list.into_iter().flatten();
        list.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    file["rule"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| Shape {
            rule: rule["name"].as_str().unwrap().to_owned(),
            wraps: rule
                .get("wraps")
                .is_some_and(|wraps| wraps.as_bool().unwrap()),
            block: rule
                .get("block")
                .map(|block| block.as_str().unwrap().to_owned()),
            examples: words(rule, "examples"),
            counter: words(rule, "counter"),
        })
        .collect()
}

/// Makes texts of shapes.
#[derive(Debug, Clone)]
pub struct Maker(u64);

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end` (splitmix64).
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % end as u64) as usize
    }

    /// So many random letters of a kind.
    pub fn random(&mut self, kind: char, count: usize) -> String {
        let letters: Vec<u8> = match kind {
            'a' => LOWER.to_vec(),
            'l' => [LOWER, DIGITS].concat(),
            'U' => [UPPER, DIGITS].concat(),
            'd' => DIGITS.to_vec(),
            'h' => b"0123456789abcdef".to_vec(),
            't' => [UPPER, b"234567"].concat(),
            'A' => [LOWER, UPPER, DIGITS].concat(),
            'w' => [LOWER, UPPER, DIGITS, b"-_"].concat(),
            'b' => [LOWER, UPPER, DIGITS, b"+/"].concat(),
            'P' => [LOWER, UPPER, DIGITS, b".!#%+~^_-"].concat(),
            other => panic!("no kind {other}"),
        };
        let mut made: Vec<u8> = (0..count)
            .map(|_| letters[self.below(letters.len())])
            .collect();
        // Real ones have digits, and do not begin or end with signs.
        if !matches!(kind, 'a' | 't') && count > 3 {
            made[0] = letters[self.below(26.min(letters.len()))];
            made[count - 1] = letters[self.below(26.min(letters.len()))];
            let at = 1 + self.below(count - 2);
            made[at] = DIGITS[self.below(10)];
        }
        String::from_utf8(made).unwrap()
    }

    /// A text of a shape: `{A36}` becomes 36 random letters and digits.
    pub fn fill(&mut self, shape: &str) -> String {
        let mut made = String::new();
        let mut rest = shape;
        while let Some(open) = rest.find('{') {
            let inner = &rest[open + 1..];
            let close = inner.find('}');
            let field = close.map(|close| &inner[..close]).and_then(|field| {
                let kind = field.chars().next()?;
                let numbers = &field[kind.len_utf8()..];
                let (least, most) = numbers.split_once('-').unwrap_or((numbers, numbers));
                Some((
                    kind,
                    least.parse::<usize>().ok()?,
                    most.parse::<usize>().ok()?,
                ))
            });
            made.push_str(&rest[..open]);
            match field {
                Some((kind, least, most)) => {
                    let count = least + self.below(most - least + 1);
                    made.push_str(&self.random(kind, count));
                    rest = &inner[close.unwrap() + 1..];
                }
                None => {
                    made.push('{');
                    rest = inner;
                }
            }
        }
        made + rest
    }

    /// A line of an example's shape, and the secret in it.
    pub fn example(&mut self, rule: &str, shape: &str) -> Example {
        let filled = self.fill(shape);
        let secret = match filled.split_once('«') {
            Some((_, rest)) => rest.split_once('»').unwrap().0.to_owned(),
            None => filled.clone(),
        };
        Example {
            rule: rule.to_owned(),
            line: filled.replace(['«', '»'], ""),
            secret,
        }
    }

    /// One of each example of each rule.
    pub fn examples(&mut self) -> Vec<Example> {
        let mut all = Vec::new();
        for shape in shapes() {
            for example in &shape.examples {
                all.push(self.example(&shape.rule, example));
            }
        }
        all
    }

    /// Lines of a key, `width` letters of base64 each but for the last.
    pub fn key_lines(&mut self, lines: usize, width: usize) -> Vec<String> {
        let mut made: Vec<String> = (1..lines).map(|_| self.random('b', width)).collect();
        made.push(self.random('b', width / 3) + "=");
        made
    }

    /// The first and the last line of a key.
    pub fn key_ends(kind: &str) -> (String, String) {
        let dashes = "-".repeat(5);
        (
            format!("{dashes}BEGIN {kind}PRIVATE KEY{dashes}"),
            format!("{dashes}END {kind}PRIVATE KEY{dashes}"),
        )
    }

    /// A whole key, without the end of its last line.
    pub fn key(&mut self, kind: &str, lines: usize, width: usize) -> String {
        let (begin, end) = Self::key_ends(kind);
        [vec![begin], self.key_lines(lines, width), vec![end]]
            .concat()
            .join("\n")
    }
}
